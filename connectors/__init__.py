"""The outside world: settings → pages → documents. One file per kind of source."""

from connectors.confluence import Confluence
from connectors.discourse import Discourse
from connectors.documents import Documents
from connectors.forum import Forum
from connectors.github import GitHub
from connectors.hacker_news import HackerNews
from connectors.instructions import Instructions
from connectors.mailing_list import MailingList
from connectors.markdown import Markdown
from connectors.mediawiki import MediaWiki
from connectors.python_docs import PythonDocs
from connectors.reddit import Reddit
from connectors.stackexchange import StackExchange
from connectors.warc import Warc
from connectors.website import Website
from connectors.zendesk import Zendesk

CONNECTORS = (
    StackExchange,
    Discourse,
    Forum,
    Website,
    MediaWiki,
    PythonDocs,
    Instructions,
    Markdown,
    Documents,
    MailingList,
    GitHub,
    Warc,
    Confluence,
    Zendesk,
    Reddit,
    HackerNews,
)
