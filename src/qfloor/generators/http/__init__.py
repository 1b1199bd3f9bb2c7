"""What all adapters of HTTP sellers share; a provider's module only translates.

generator.py   `HttpGenerator`: the verbs, once; a provider fills in a few methods
wire.py        one HTTP exchange: sent or not sent, answered or lost; downloads to a file
answers.py     an answer, and paths into its JSON
delivery.py    from what an answer says of media to media in a file
outcomes.py    tables of error shapes -> reason, and the common table by HTTP status
waits.py       how long a seller says to wait
urls.py        which URLs may be fetched, and which may see the key
keys.py        keys from the environment or a keyring file, and their redaction
asking.py      a request in a provider's words; what was dropped or changed is recorded
families.py    capabilities declared per family of models
money.py       what a seller says that it charged, in nano-USD

Nothing here retries a call that may cost money, follows a redirect with a key, or keeps a clock
of its own: that is the driver's.
"""

from __future__ import annotations
