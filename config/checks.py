"""Bad settings stop the start and name themselves."""
