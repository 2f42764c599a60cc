"""Reading what sources store: dumps, archives and saved answers as streams, stated times, and threads of posts.

local         files of a folder                      packed      compressed files, opened as if they were not
rows          JSON, JSON Lines and Parquet → rows    xml_dump    elements of a large XML file
seven_zip     members of a 7z archive                spill       joins on disk
stored_json   JSON of saved or fetched answers       times       stated times → UTC
parquet       Parquet → rows, none too large
edits         times of edits that can be true        threads     posts → a thread and its rejects
"""
