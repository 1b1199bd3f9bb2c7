"""The gateway: any OpenAI client asks for a picture or clip, the router decides who makes it.

    settings.py    what an operator says             serving.py   uvicorn, workers, the end
    app.py         routes, start and end             guard.py     keys, sizes, ids around each call
    asked.py       bodies as pydantic models         faults.py    every error, in OpenAI's envelope
    deciding.py    a body -> a decision              facts.py     the short headers
    alike.py       answers put together once         lanes.py     places for jobs of a kind
    orders.py      a decision -> bought outputs      dispatch.py  one output: sellers in order
    pictures.py    /v1/images/generations            clips.py     /v1/videos
    told.py        /v1/models, /v1/route, health     delivery.py  media as the seller gave them
    releases.py    quality.db: swap, canary, rollback
    ledger.py      gateway.db                        records.py   decisions and counters in it
    keys.py        who may ask, and how much         pages/       the dashboard
    metrics.py     /metrics                          tracing.py   spans, where OpenTelemetry is

It decides nothing about quality and holds no money rule of its own: `qfloor.router` chooses,
`qfloor.generate` buys. What it adds is that people wait for the answer.
"""
