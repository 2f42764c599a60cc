"""How work is spread over this machine's processes, what it shows meanwhile, and where compiled kernels are kept."""
