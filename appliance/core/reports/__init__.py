"""One file a report: what it counts, from columns of calls. They know no page, no store and no clock."""
