"""The dashboard: `panel serve app/main.py`. Settings -> Request -> Run -> a tab's result -> pictures."""
