"""Schedules with a central, its shops, and a courier between them that cannot be trusted."""
