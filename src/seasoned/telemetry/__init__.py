"""What operators see of a running process: metrics, traces and logs. None of them holds text of messages or skills."""
