"""What must not reach a model or a skill: secrets, injected orders, dangerous commands."""
