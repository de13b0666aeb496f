"""The ground every app stands on. It imports none of the five apps; they plug in and are discovered."""
