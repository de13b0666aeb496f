"""What follows by itself when a ticket waits for its customer, or is solved: reminders, resolving, the question whether
that solved it, the survey, closing.

`rules` says what is next and when, `planning` keeps that on the ticket's row, `working` does what is due, `letters`
writes the mails, `questions` takes the answers, `wanted` asks again when a mail goes out.
"""
