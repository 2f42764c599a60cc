"""`gristmill serve`: OpenAI's completions and chat completions over a model folder.

- `server` starts: it takes the port, loads the model and runs the HTTP server.
- `loading` finds the model folder and loads it.
- `app` is the HTTP app; `completions` holds its two endpoints that generate text; `access` decides who may ask.
- `connections` ends those that send too slowly.
- `protocol` holds the requests of OpenAI's API, `responses` its responses.
- `generation_queue` takes requests; `decoder` writes all of them at once, a token of each at a time; `engine` is the
  model, `choice` one completion, and `detokenizer` makes text of its tokens. `judge` is a reward model that ranks.

`/v1/completions` continues the prompt as it stands, as at OpenAI: special tokens that it spells out count.
`/v1/chat/completions` writes the messages through the model's template: special tokens that they spell out are text.
"""

from pipelines.serve.server import PortError, check_port, serve

__all__ = ["PortError", "check_port", "serve"]
