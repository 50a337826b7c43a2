"""The one long-lived process: Centre, store and drivers joined. No rule of the contact centre is decided here."""
