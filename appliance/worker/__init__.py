"""Jobs: the queue, the runner that tells a job's story, and the caged child processes."""
