"""Lessons: Markdown files that a teacher can write (README.md), read, checked, and answered from the live run."""
