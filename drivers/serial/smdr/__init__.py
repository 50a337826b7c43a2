"""Call records for a printer or a call accounting program, in the layouts that makers of telephone systems published.

Nothing here opens a line or a store: a finished call goes in, bytes come out. `layouts/` has one file a layout.
"""
