"""What may not be shown, stored or learned by itself: secrets, orders to agents, dangerous commands, hidden text."""
