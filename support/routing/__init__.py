"""Which team a ticket goes to: rules in versions, the trace of a decision, trying them out, playing them back."""
