"""Pictures of results: each panel reads what it draws from a result, and nothing re-simulates."""
