"""The pages, one file each: a new page is a new file here and nothing else.

A page's name is its file's name. It defines `PAGE` (label, permission, addresses) and `view(request)`. Pages do not
know each other.
"""
