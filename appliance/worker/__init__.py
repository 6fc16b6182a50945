"""Jobs: the queue, the runner that tells a job's story, and the two caged child processes."""
