"""The page that ``cascades explore`` serves: move levers, see what changes, step through a run, ask why.

What it knows and does are plain classes that need no browser and no Solara: ``levers`` (what can be moved),
``setting`` (what is chosen), ``bench`` (paired runs, quickly), ``work`` (on a thread, to be cancelled),
``stepping`` (one run), ``saving`` (as files), ``showing`` (as plain data for the page), ``desk`` (all of one
window). ``page`` lays them out; ``serving`` serves it to this machine alone.
"""
