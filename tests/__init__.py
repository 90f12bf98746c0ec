"""A package of its own, so that no installed one of this name (badcrossbar brings one) stands in front of it."""
