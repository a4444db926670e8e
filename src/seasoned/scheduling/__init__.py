"""Who runs the stages, and when: this process, its child, or Procrastinate's workers."""
