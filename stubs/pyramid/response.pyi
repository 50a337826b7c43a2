from webob.response import Response as Response
