Rollcall.start()
