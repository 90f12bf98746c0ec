"""One file a tab: figures and sources made once, their data replaced. Draws, never computes."""
