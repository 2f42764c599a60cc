"""Worker processes of this machine, progress bars, and the cache of compiled kernels."""
