"""Threads that boards of each engine list, in markup the way the engine writes its rows."""

import pytest

from connectors import html
from connectors.forum.listing import engine, topics

SITE = "https://forum.example"
ROWS = {
    "stackexchange": '<div class="s-post-summary"><h3 class="s-post-summary--content-title"><a href="/questions/{n}/a" '
    'class="s-link">How is {n} done?</a></h3><a class="post-tag" href="/questions/tagged/a">a</a></div>',
    "question2answer": '<div class="qa-q-list-item"><span class="qa-a-count-data">2</span><div class="qa-q-item-title">'
    '<a href="../{n}/how">How is {n} done?</a></div></div>',
    "vanilla": '<ul class="DataList Discussions"><li class="Item ItemDiscussion" id="Discussion_{n}"><div '
    'class="Title"><a href="/discussion/{n}/a">How is {n} done?</a></div><span '
    'class="CommentCount">2</span></li></ul>',
    "bbpress": '<ul id="bbp-topic-{n}" class="topic"><li><a class="bbp-topic-permalink" '
    'href="/forums/topic/t{n}/">How</a></li><li class="bbp-topic-reply-count">2</li></ul>',
    "wpforo": '<div class="topic-wrap"><p class="wpforo-topic-title"><a href="/community/a/t{n}/">How is '
    '{n}?</a></p></div>',
    "asgaros": '<div class="topic content-element"><div class="topic-name"><a '
    'href="/forum/topic/t{n}/">How</a></div></div>',
    "fluxbb": '<table><tr><td class="tcl"><div class="tclcon"><a href="viewtopic.php?id={n}">How is {n} '
    'done?</a></div></td><td class="tc2">2</td></tr></table>',
    "woltlab": '<ol class="wbbThread"><li><h3><a class="wbbTopicLink" href="/thread/{n}-a/">How is {n} '
    'done?</a></h3></li></ol>',
    "discourse": '<table class="topic-list"><tr class="topic-list-item"><td class="main-link"><a class="title" '
    'href="/t/a/{n}">How is {n} done?</a></td><td class="replies"><span '
    'class="posts">2</span></td></tr></table>',
    "reddit_old": '<div class="thing link" data-fullname="t3_{n}a"><a class="comments" href="/r/a/comments/{n}a/b/">2 '
    'comments</a></div>',
    "hacker_news": '<table><tr><td><span class="subline"><a class="hnuser" href="user?id=a">a</a> <a '
    'href="item?id={n}">1 day</a> | <a href="item?id={n}">2&nbsp;comments</a></span></td></tr></table>',
    "lobsters": '<ol><li class="story"><span class="comments_label"><a href="/s/{n}a/b">2 '
    'comments</a></span></li></ol>',
    "tieba": '<ul><li class="j_thread_list"><span class="threadlist_rep_num">2</span><a class="j_th_tit" '
    'href="/p/{n}">How</a></li></ul>',
    "v2ex": '<div class="cell item"><a class="topic-link" href="/t/{n}">How</a><a class="count_livid">2</a></div>',
    "invision5": '<li class="ipsData__item"><div class="ipsData__title"><a href="/topic/{n}-a/">How is '
    '{n}?</a></div></li>',
    "nodeclub": '<div id="topic_list"><div class="cell"><a class="topic_title" href="/topic/{n}">How</a></div></div>',
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_board_lists_its_threads(name: str) -> None:
    rows = "".join(ROWS[name].format(n=number) for number in (71, 82))
    root = html.parse(f"<html><body><a href='/about'>About this site and its rules</a>{rows}</body></html>")
    found = engine(root)
    assert found and found.engine == name
    listed = [thread.url for thread in topics(root, f"{SITE}/board/")]
    assert len(listed) == 2
    assert "71" in listed[0] and "82" in listed[1]
