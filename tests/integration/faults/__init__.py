"""What the trials of faults are made of: a Service as a process, a line that can be spoiled, a load."""
