"""One file a tab: Run -> plain arrays, in a worker thread. Computes, never draws."""
