"""One folder a technology: device events to facts, effects to device commands. A driver decides and stores nothing."""
