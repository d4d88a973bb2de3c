"""The model in the ODD protocol: a page that is made from the sources of truth (``cascades odd``)."""
