"""How requests leave: a redirect is an error, since it would carry a credential to where the answer says."""
import urllib.request


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(_NoRedirect)
