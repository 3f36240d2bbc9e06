"""What the benchmarks share: servers of their own, people, rival processes, figures. No benchmark itself."""
