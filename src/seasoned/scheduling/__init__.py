"""Schedulers run the stages: in this process, in its child, or in Procrastinate's workers."""
