"""What the daemon of the harness is given to read before all else."""
