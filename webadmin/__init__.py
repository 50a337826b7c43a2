"""The pages, as WSGI under gunicorn. They read the store and send commands; they never write and never hold a call."""
