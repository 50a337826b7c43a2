"""What outlives the process, in ZODB. Nobody else imports ZODB; nothing here decides what a call does next."""
