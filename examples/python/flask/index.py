from app import app
from wsgi import handler_of

# The path of the trigger: "Prefix match", so that all below it comes here too.
handler = handler_of(app, base_path="/shop")
