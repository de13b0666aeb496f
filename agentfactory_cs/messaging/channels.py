"""The Slack channels we post to."""

from datetime import datetime

from agentfactory_cs.events.services import Actor, actor_label

from .models import Notice, SlackChannel
from .notices import post_to_slack
from .slack import escaped


def save_channel(channel: SlackChannel, *, by: Actor = None, now: datetime) -> SlackChannel:
    """Create or change a channel. ValidationError names what is wrong."""
    channel.full_clean()
    channel.save()
    return channel


def post_test(channel: SlackChannel, *, by: Actor = None, now: datetime) -> Notice | None:
    """Queue a post that tells nothing but that it works."""
    words = f"Test of the channel {channel}, asked for by {actor_label(by)}"
    return post_to_slack(
        channel.address,
        kind="messaging.slack_test",
        subject=words[:200],
        text=escaped(words),
        dedupe_key=f"messaging.slack_test:{channel.pk}:{now.isoformat()}",
        now=now,
    )
