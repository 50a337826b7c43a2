"""What all set-up pages share: list, form, review, apply, undo. It knows no single page."""
