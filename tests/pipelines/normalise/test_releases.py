"""Which headings are those of release notes, and which only look like them."""

import pytest

from pipelines.normalise.releases import is_release

RELEASES = """
2008-09-22 - Version 3.6.3
3.6.3 (2008-09-22)
[3.6.3] - 2008-09-22
0 (2021-10-04)
Version 3.6.3
v2.1
V 2.1
v2.1.0-beta.2
1.0.2k
2.x
4.2.0.RELEASE
1.2 (Copper Kettle)
0.9.1 - Bugfix release
v1.2 – Fewer leaks
Release 2.0 – May 2019
May 2019: Release 2
Release 7, 12 May 2019
May 12, 2019 - v7
Version 2.0 of May 2019
3.6 released on May 12, 2019
Unreleased
[Unreleased]
2019-05-12
12.05.2019
2019-05-12 10:30
What's new in 3.2
What’s new in version 3?
New features in 3.2
Changes in v3.2.1
Release 3.2 notes
Changelog for 3.2
Version 3.6.3 vom 22. September 2008
22.09.2008 – Version 3.6
Neu in 3.6
Neuerungen in Version 3.6
Änderungen in 3.6.3
Version 3.6.3 du 22 septembre 2008
1er mai 2019 : version 3.6
Nouveautés de la version 3.6
Quoi de neuf dans la 3.6
Versión 3.6.3 (22 de septiembre de 2008)
Novedades de la versión 3.6
Novidades da versão 3.6
Novità della versione 3.6
Wat is er nieuw in versie 3.6
Nyheter i version 3.6
Co nowego w wersji 3.6
Novinky ve verzi 3.6
Версия 3.6.3 от 22 сентября 2008 г.
Что нового в версии 3.6
Изменения в 3.6.3
Що нового у версії 3.6
3.6 sürümündeki yenilikler
Có gì mới trong phiên bản 3.6
Yang baru di versi 3.6
バージョン 3.6.3（2008年9月22日）
2008年9月22日 バージョン3.6.3
3.6.3の新機能
3.6 での変更点
バージョン3.6.3をリリース
버전 3.6.3 (2008년 9월 22일)
3.6.3 버전의 새로운 기능
3.6.3 版更新说明
3.6.3 版本更新日志
版本 3.6.3 发布于 2008-09-22
2008年9月22日
V3.6.3 更新内容
3.6 版新功能
3.6.3 中的新特性
"""

OTHERS = """
Python 3.6 in production
Python 3.12
Installing version 2
Upgrading to 3.2
Version 2
Version control
Changes in version control
RFC 2119
HTTP/2
HTTP 1.1
Windows 10
ISO 8601 dates
Version 2.0 in production 2019
1.2 - Overview
1.2 – Neuerungen
3.2 Which pan?
3.2 New features
3.2 Changes
4.1 Release
2.1 版本
2.3 更新
2.1 安装
2.Installation
1.安装
5.7. (How) Does it boil?
2.5kg of flour
3.14 and other numbers
1945
May 1968
12 May 1945
News of 2019
2019 in pictures
The 2019-05-12 outage
2019-05-12 Lesson three
On the 22 of September 2008
What's new
What is new in the kitchen
Neu in Berlin
Что нового в городе
新功能
2008年的变化
3个新功能
version
"""


def lines(table: str) -> list[str]:
    return table.strip().split("\n")


@pytest.mark.parametrize("heading", lines(RELEASES))
def test_a_release(heading: str) -> None:
    assert is_release(heading)


@pytest.mark.parametrize("heading", lines(OTHERS))
def test_another_heading(heading: str) -> None:
    assert not is_release(heading)
