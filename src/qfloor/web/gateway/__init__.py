"""The gateway: any OpenAI client asks for a picture or clip, the router decides who makes it.

    settings.py    what an operator says             serving.py   uvicorn, workers, the end
    core.py        the gateway as one object         presence.py  which workers live
    app.py         routes, start and end             guard.py     keys, sizes, ids around each call
    forms.py       bodies, read up to a size         patience.py  time limits
    asked.py       bodies as pydantic models         openapi.py   the same, published
    faults.py      every error, in OpenAI's envelope
    deciding.py    a body -> a decision              facts.py     the short headers
    alike.py       answers put together once         familiar.py  dry runs seen before
    buying.py      both media endpoints              opening.py   a decision -> a job
    jobs.py        every request as a row            plan.py      what any worker needs for it
    lanes.py       places for jobs of a kind         handles.py   sellers' handles with prompts
    orders.py      a decision -> bought outputs      dispatch.py  one output: sellers in order
    ending.py      what came, as one answer          late.py      what may yet end
    glance.py      a quick look at media
    pictures.py    /v1/images/generations            clips.py     /v1/videos
    told.py        /v1/models, /v1/route, health     delivery.py  media as the seller gave them
    releases.py    quality.db: swap, canary, rollback
    ledger.py      gateway.db                        tables.py    its tables
    pen.py         many writes, few commits          records.py   decisions and counters in it
    keys.py        who may ask, and how much         pages/       the dashboard
    metrics.py     /metrics                          tracing.py   spans, where OpenTelemetry is

It decides nothing about quality and holds no money rule of its own: `qfloor.router` chooses,
`qfloor.generate` buys. What it adds is that people wait for the answer.
"""
