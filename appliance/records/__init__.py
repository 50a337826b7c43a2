"""Rules of the office: contacts, matters, tickets. Pure, as the core is: no socket, clock, database, thread or dice."""
