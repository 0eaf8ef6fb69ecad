"""The web console: server-rendered pages over the API, for the people of the shop, its technician and its developer.

The console knows nothing that the API does not say, and does nothing that the API does not do: it calls the API's own
application inside the process, with the rights of the person who asked for the sign-in link.
"""
