"""The built-in painters: programs that draw with declared skill. They are not AI models.

generator.py  the plugin: from a request to a job      jobs.py       a job as plain JSON
work.py       what a painter makes of a request, undrawn: read this first
painters.py   who they are, with declared skill        offers.py     them as offers
world/        from a prompt to a scene                 defects.py    what can go wrong
draw/         from a scene to pixels                   finish.py     pixels, spoilt
rendering.py  from a plan to a file                    atelier.py    two processes that paint
raters.py     who judges them, by the defects alone    calllog.py    the seller's own account
"""
