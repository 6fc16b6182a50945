"""What an administrator and an auditor want to know: is it sealed, is it well, and what to do if not."""
