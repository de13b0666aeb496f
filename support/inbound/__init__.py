"""Mail that comes in: kept as it came, read by a worker, made into messages and tickets (docs/support.md)."""
